import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { RefusedError } from "../../client/src/index.ts";
import { App } from "./app.tsx";
import { takeTokenFromAddress } from "./session.ts";
import "./styles.css";

takeTokenFromAddress();

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // What the api refused, it refuses again.
      retry: (failures, error) => !(error instanceof RefusedError) && failures < 3,
    },
  },
});

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <App />
      </QueryClientProvider>
    </StrictMode>,
  );
}
