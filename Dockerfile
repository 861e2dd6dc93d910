# The image holds the executable and nothing else of ours.
FROM node:20.19.5-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build

FROM debian:12.12-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/lib/sms-gateway --create-home sms-gateway
COPY --from=build /build/dist/sms-gateway /usr/local/bin/sms-gateway
# By its number: Kubernetes cannot know that a name is not root's.
USER 10001
WORKDIR /var/lib/sms-gateway
EXPOSE 8080 8081 9100
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["/usr/local/bin/sms-gateway", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/sms-gateway"]
CMD ["api"]
