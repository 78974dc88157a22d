import { defineConfig } from "vitest/config";

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  test: {
    include: ["src/**/*.test.{ts,tsx}"],
    environment: "node", // what needs a page says so in its first line
    css: false,
    coverage: {
      provider: "v8",
      include: ["src/scene/*.ts", "src/layout/*.ts", "src/protocol/*.ts"],
      exclude: ["src/**/*.test.ts", "src/**/*_sample.ts"],
      reporter: ["text"],
      thresholds: {
        "src/{scene,layout}/*.ts": { statements: 90, branches: 85, functions: 90, lines: 90 },
        "src/protocol/{connection,guard}.ts": { statements: 90, branches: 80, functions: 90, lines: 90 },
      },
    },
  },
});
