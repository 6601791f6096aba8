// A book: its lines page by page, newest first, and what a person may do with a line.

import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { useAskEvery } from "../live.ts";

import { Empty, Trouble, Wait } from "./states.tsx";

interface Page<T> {
  items: T[];
  next?: string | null;
}

export function usePages<T>(key: readonly unknown[], ask: (cursor: string | undefined) => Promise<Page<T>>) {
  const askEvery = useAskEvery();
  return useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => ask(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    refetchInterval: askEvery,
  });
}

export function BookList<T extends { id: string }>(props: {
  pages: ReturnType<typeof usePages<T>>;
  empty: string;
  about?: ReactNode;
  /** Its lines are short. */
  isDense?: boolean;
  /** With a line comes the one before it in time. */
  children: (item: T, earlier: T | undefined) => ReactNode;
}) {
  const { pages, empty, about, isDense, children } = props;
  return (
    <Wait for={pages}>
      {({ pages: read }) => {
        const items = read.flatMap((page) => page.items);
        return (
          <>
            {items.length === 0 && <Empty title={empty}>{about}</Empty>}
            <ul className={isDense ? "cards wide dense" : "cards wide"}>
              {items.map((item, index) => (
                <li key={item.id} className="card">
                  {children(item, items[index + 1])}
                </li>
              ))}
            </ul>
            {pages.hasNextPage && (
              <button type="button" className="quiet wide" disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
                Earlier
              </button>
            )}
          </>
        );
      }}
    </Wait>
  );
}

/** Something that a person does with a line. Afterwards everything about the car is read anew: one word may change much. */
export function Act(props: {
  name: string;
  act: () => Promise<unknown>;
  confirm?: string;
  isPressed?: boolean;
  isQuiet?: boolean;
  done?: () => void;
}) {
  const { name, act, confirm, isPressed, isQuiet, done } = props;
  const queries = useQueryClient();
  const deed = useMutation({
    mutationFn: act,
    onSuccess: async () => {
      done?.();
      await queries.invalidateQueries();
    },
  });
  const start = () => {
    if (!confirm || window.confirm(confirm)) deed.mutate();
  };
  return (
    <>
      <button
        type="button"
        className={isQuiet ? "quiet small" : "small"}
        disabled={deed.isPending}
        onClick={start}
        aria-pressed={isPressed}
      >
        {name}
      </button>
      {deed.isError && <Trouble error={deed.error} />}
    </>
  );
}
