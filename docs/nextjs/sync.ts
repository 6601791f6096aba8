// lib/sync.ts of the example: one client for all pages. Put the person's own access token here; with Supabase it is
// `(await supabase.auth.getSession()).data.session?.access_token`.

import { createSyncClient } from "@carvetka/sync-client";

export const sync = createSyncClient({ accessToken: () => sessionStorage.getItem("access_token") });
