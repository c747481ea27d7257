import { defineConfig } from "@playwright/test";

import type { WorkerOptions } from "acs-sim/playwright";

const chromium = process.env["CHROMIUM"];

export default defineConfig<object, WorkerOptions>({
  testDir: "test",
  workers: 1,
  timeout: 120_000,
  reporter: [["list"], ["junit", { outputFile: "test-results/junit.xml" }]],
  use: {
    threedsCommand: process.env["THREEDS_COMMAND"] ?? "acs-sim",
    launchOptions: chromium === undefined ? {} : { executablePath: chromium },
  },
});
