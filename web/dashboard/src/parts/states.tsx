// Loading, failing and empty: every list has all three.

import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { RefusedError } from "../api.ts";

export function Wait<T>({ for: query, children }: { for: UseQueryResult<T>; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.isError) return <Trouble error={query.error} again={() => void query.refetch()} />;
  return <Loading />;
}

export function Loading() {
  return (
    <div className="loading" role="status">
      <span className="visually-hidden">Loading</span>
    </div>
  );
}

export function Trouble({ error, again }: { error: unknown; again?: () => void }) {
  const text = error instanceof RefusedError ? error.message : "The server cannot be reached.";
  const number = error instanceof RefusedError ? error.problem.instance : undefined;
  return (
    <div className="card trouble" role="alert">
      <p>{text}</p>
      {number && <p className="faint">For support: {number}</p>}
      {again && <button type="button" onClick={again}>Try again</button>}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <p>
        <strong>{title}</strong>
      </p>
      {children && <div className="faint">{children}</div>}
    </div>
  );
}
