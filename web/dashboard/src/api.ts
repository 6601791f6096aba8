import { createSyncClient } from "../../client/src/index.ts";
import { accessToken } from "./session.ts";

export { RefusedError, unwrap } from "../../client/src/index.ts";
export type { components } from "../../client/src/index.ts";

/** The api stands behind this page's own origin. */
export const api = createSyncClient({ accessToken });
