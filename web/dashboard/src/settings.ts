// What this installation tells its pages.

export interface Settings {
  /** Who draws the ground under maps; `null`: nobody. */
  tiles: { url: string; attribution: string } | null;
  /** Pages that may embed these and hand over the person's token. */
  origins: string[];
}

export async function settings(): Promise<Settings> {
  const answer = await fetch(`${import.meta.env.BASE_URL}settings.json`);
  if (!answer.ok) throw new Error(`settings: ${answer.status}`);
  return (await answer.json()) as Settings;
}
