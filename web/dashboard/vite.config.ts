import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  // Where the api serves it.
  base: "/app/",
  plugins: [react()],
  // The client is taken from its source, beside which nobody installed what it needs.
  resolve: { alias: { "openapi-fetch": new URL("node_modules/openapi-fetch", import.meta.url).pathname } },
  build: { target: "es2023", sourcemap: false, assetsInlineLimit: 0 },
  server: { proxy: { "/api": "http://127.0.0.1:3000" } },
});
