# The operator's image; `vllm-warden simulate` in the same image is a vLLM engine without a GPU.
#   docker build -t vllm-warden .

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No install scripts: the image brings its own Node, and nothing else that we use has one.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN node_modules/.bin/tsc -p tsconfig.build.json && npm prune --omit=dev --ignore-scripts

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY LICENSE ./
# The image's user `node`, by number, so that `runAsNonRoot` can be checked.
USER 1000:1000
EXPOSE 8080 8081
ENTRYPOINT ["node", "--enable-source-maps", "dist/cli/main.js"]
CMD ["operator"]
