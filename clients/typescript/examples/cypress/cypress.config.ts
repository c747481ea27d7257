import { threeds } from "acs-sim/cypress";
import { defineConfig } from "cypress";

export default defineConfig({
  e2e: {
    baseUrl: "http://localhost:3000",
    supportFile: false,
    setupNodeEvents(on) {
      threeds(on, { command: ["uvx", "acs-sim"] });
    },
  },
});
