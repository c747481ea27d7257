/** A project as its users have one; its shop starts with the run, the simulator at the first task. */

import { threeds } from "acs-sim/cypress";
import { defineConfig } from "cypress";

import { shop } from "./shop.js";

const command = process.env["THREEDS_COMMAND"]?.split(" ");

export default defineConfig({
  screenshotOnRunFailure: false,
  chromeWebSecurity: false, // the bank's page stands in a frame of another site
  e2e: {
    specPattern: ["examples/cypress/*.cy.ts", "test/cypress/*.cy.ts"],
    supportFile: "test/cypress/support.ts",
    async setupNodeEvents(on, config) {
      threeds(on, { command });
      return { ...config, baseUrl: await shop() };
    },
  },
});
