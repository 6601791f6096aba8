// Who looks at the page. Carvetka's pages hand over the person's access token in the fragment of the address (it never
// reaches a server or a log there) or by a message from the page that embeds this one.

import { useSyncExternalStore } from "react";

const KEY = "carvetka.access_token";

let listeners: (() => void)[] = [];

export function accessToken(): string | null {
  return sessionStorage.getItem(KEY);
}

export function signIn(token: string): void {
  sessionStorage.setItem(KEY, token);
  listeners.forEach((listener) => listener());
}

export function signOut(): void {
  sessionStorage.removeItem(KEY);
  listeners.forEach((listener) => listener());
}

/** `#access_token=…`, as Supabase's own redirects have it; it does not stay in the address. */
export function takeTokenFromAddress(): void {
  const given = new URLSearchParams(window.location.hash.slice(1)).get("access_token");
  if (given) {
    sessionStorage.setItem(KEY, given);
    window.history.replaceState(null, "", window.location.pathname + window.location.search);
  }
}

/** Of the page that embeds this one: `{ type: "carvetka:token", token }`, again whenever it was renewed. */
export function listenForTokens(origins: string[]): void {
  window.addEventListener("message", ({ origin, data }: MessageEvent<unknown>) => {
    const told = data as { type?: unknown; token?: unknown } | null;
    if (origins.includes(origin) && told?.type === "carvetka:token" && typeof told.token === "string") signIn(told.token);
  });
}

export function useSignedIn(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners = [...listeners, listener];
      return () => {
        listeners = listeners.filter((other) => other !== listener);
      };
    },
    () => accessToken() !== null,
  );
}
