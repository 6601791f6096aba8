import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { RefusedError } from "../../client/src/index.ts";
import { App } from "./app.tsx";
import { listenForTokens, signOut, takeTokenFromAddress } from "./session.ts";
import { settings } from "./settings.ts";
import "./styles/page.css";
import "./styles/forms.css";
import "./styles/books.css";
import "./styles/charts.css";
import "./styles/maps.css";
import "./styles/health.css";
import "./styles/screens.css";
import "./styles/print.css";

takeTokenFromAddress();
// Who opens the page by themselves needs no page around it that tells them who they are.
if (window.parent !== window) void settings().then(({ origins }) => listenForTokens(origins));

const queries = new QueryClient({
  // A token that is over is no mishap of one list: the person comes in again.
  queryCache: new QueryCache({ onError: leaveIfTokenIsOver }),
  mutationCache: new MutationCache({ onError: leaveIfTokenIsOver }),
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // What the api refused, it refuses again.
      retry: (failures, error) => !(error instanceof RefusedError) && failures < 3,
    },
  },
});

function leaveIfTokenIsOver(error: Error): void {
  if (error instanceof RefusedError && error.problem.status === 401) signOut();
}

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
