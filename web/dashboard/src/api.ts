import { createSyncClient, RefusedError, type Problem } from "../../client/src/index.ts";
import { accessToken } from "./session.ts";

export { RefusedError, unwrap } from "../../client/src/index.ts";
export type { components } from "../../client/src/index.ts";

/** The api stands behind this page's own origin. */
export const api = createSyncClient({ accessToken });

/** Saves a file. A link cannot carry the token. */
export async function download(path: string, name: string): Promise<void> {
  const answer = await fetch(path, { headers: { Authorization: `Bearer ${accessToken() ?? ""}` } });
  if (!answer.ok) throw new RefusedError((await answer.json()) as Problem);
  const address = URL.createObjectURL(await answer.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
