# syntax=docker/dockerfile:1
# One image with all programs of Carvetka sync; the command says which one runs: `docker run … worker`.

FROM node:22-bookworm-slim AS pages
WORKDIR /source
COPY web/client web/client
COPY web/dashboard web/dashboard
RUN cd web/dashboard && npm ci --no-audit --no-fund && npm run build

FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY . .
COPY --from=pages /source/web/dashboard/dist web/dashboard/dist
# The caches outlive the build but are no part of the image, so the programs are copied out of them.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/source/target,sharing=locked \
    cargo build --release --locked --workspace --bins \
    && mkdir /programs \
    && cp target/release/ingest target/release/worker target/release/scheduler target/release/api \
        target/release/simulator target/release/carvetka /programs/

# No shell, no package manager, no toolchain: glibc, the certificates of the public authorities, and our programs.
FROM gcr.io/distroless/cc-debian12:nonroot
LABEL org.opencontainers.image.title="Carvetka sync"
COPY --from=build /programs/ /usr/local/bin/
USER nonroot
# Webhooks (ingest), requests (api), health and metrics (all others).
EXPOSE 8080 3000 9464
CMD ["carvetka", "--help"]
