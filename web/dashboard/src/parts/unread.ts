import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "../api.ts";
import { useAskEvery } from "../live.ts";

/** How many are unread, for the menu. */
export function useUnread(isSignedIn: boolean): number {
  const askEvery = useAskEvery();
  const read = useQuery({
    queryKey: ["notifications", "unread"],
    queryFn: () => unwrap(api.GET("/api/notifications", { params: { query: { limit: 1 } } })),
    enabled: isSignedIn,
    refetchInterval: askEvery,
    select: ({ unread }) => unread,
  });
  return read.data ?? 0;
}
