// Carvetka sync for pages. Every route, parameter and answer is typed by the api's own description (schema.ts); what is
// written here by hand is what types cannot say: who asks, and how a person is sent to Smartcar and comes back.

import createClient, { type Client, type Middleware } from "openapi-fetch";

import type { components, paths } from "./schema.js";

export type { components, paths } from "./schema.js";

type Schemas = components["schemas"];

/** An error of the api (RFC 9457). `code` never changes its meaning; `detail` is for the person. */
export type Problem = Schemas["ProblemDetails"];
export type Car = Schemas["Car"];
export type ConnectionStatus = Schemas["ConnectionStatus"];
export type SyncResult = Schemas["SyncResult"];
export type MeterEntry = Schemas["MeterEntry"];
export type FuelEntry = Schemas["FuelEntry"];
export type Expense = Schemas["Expense"];
export type Command = Schemas["CommandWord"];

/** Where the api is, and who asks. */
export interface Options {
  /** Such as `https://sync.carvetka.com`, or empty where the api stands behind the page's own origin. */
  baseUrl?: string;
  /** The person's access token of Supabase, asked for with every request, since it is renewed every hour. */
  accessToken: () => Promise<string | null | undefined> | string | null | undefined;
  /** For tests and servers. */
  fetch?: (request: Request) => Promise<Response>;
}

/** What the api refused, as an exception. */
export class RefusedError extends Error {
  override name = "RefusedError";
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

/** How a journey to Smartcar ended: `connected`, `refused`, `incompatible`, … or `closed` by the person. */
export interface Journey {
  outcome: string;
  carId: string;
}

/** How a person is asked for their consent. */
export interface ConnectOptions {
  /** Where the car is may be stored. Only with the person's explicit agreement. */
  location?: boolean;
  /** The page of Carvetka's that the person comes back to. */
  returnTo?: string;
}

export type SyncClient = Client<paths> & Journeys;

interface Journeys {
  /**
   * Sends this page to Smartcar; the person comes back to `returnTo` with `?smartcar=<outcome>`. Resolves when the
   * browser is on its way.
   */
  connect(carId: string, options?: ConnectOptions): Promise<void>;
  /**
   * Opens Smartcar in a popup and resolves when it reports back. Call it directly in a click: browsers block other
   * popups.
   */
  connectInPopup(carId: string, options?: ConnectOptions): Promise<Journey>;
}

/** The data, or a RefusedError: for those who like exceptions. */
export async function unwrap<T>(answer: Promise<{ data?: T; error?: unknown }>): Promise<T> {
  const { data, error } = await answer;
  if (error !== undefined) {
    throw new RefusedError(error as Problem);
  }
  return data as T;
}

export function createSyncClient(options: Options): SyncClient {
  const client = createClient<paths>({
    baseUrl: options.baseUrl ?? "",
    // The cookie that binds a journey to this browser.
    credentials: "include",
    ...(options.fetch ? { fetch: options.fetch } : {}),
  });
  client.use(withToken(options.accessToken));
  return Object.assign(client, {
    async connect(carId: string, more: ConnectOptions = {}) {
      const returnTo = more.returnTo ?? window.location.href;
      window.location.assign(await way(client, carId, { ...more, returnTo }, false));
    },
    async connectInPopup(carId: string, more: ConnectOptions = {}) {
      const popup = window.open("", "smartcar", "popup,width=520,height=760");
      if (!popup) {
        throw new Error("the browser did not open a popup");
      }
      try {
        const returnTo = more.returnTo ?? window.location.href;
        const url = await way(client, carId, { ...more, returnTo }, true);
        popup.location.href = url;
      } catch (error) {
        popup.close();
        throw error;
      }
      return reported(popup, carId, apiOrigins(options.baseUrl));
    },
  });
}

function withToken(accessToken: Options["accessToken"]): Middleware {
  return {
    async onRequest({ request }) {
      const token = await accessToken();
      if (token) {
        request.headers.set("Authorization", `Bearer ${token}`);
      }
      return request;
    },
  };
}

async function way(client: Client<paths>, carId: string, more: ConnectOptions, popup: boolean): Promise<string> {
  const query = { carId, popup, ...more };
  const asked = client.GET("/api/smartcar/connect", {
    params: { query },
    headers: { Accept: "application/json" },
  });
  return (await unwrap(asked)).url;
}

/** Only the api's own page is believed. */
function apiOrigins(baseUrl: string | undefined): string[] {
  const own = window.location.origin;
  return [baseUrl ? new URL(baseUrl, own).origin : own];
}

function reported(popup: Window, carId: string, origins: string[]): Promise<Journey> {
  return new Promise((resolve) => {
    const finish = (journey: Journey) => {
      window.removeEventListener("message", hear);
      clearInterval(watching);
      resolve(journey);
    };
    const hear = (event: MessageEvent) => {
      const message: unknown = event.data;
      if (origins.includes(event.origin) && event.source === popup && isReport(message) && message.carId === carId) {
        finish({ outcome: message.outcome, carId });
      }
    };
    window.addEventListener("message", hear);
    const watching = setInterval(() => {
      if (popup.closed) {
        finish({ outcome: "closed", carId });
      }
    }, 500);
  });
}

function isReport(message: unknown): message is { type: string; outcome: string; carId: string } {
  const report = message as { type?: unknown; outcome?: unknown; carId?: unknown } | null;
  return (
    report?.type === "carvetka:smartcar" && typeof report.outcome === "string" && typeof report.carId === "string"
  );
}
