import type { ThreeDSTasks } from "acs-sim/cypress";

type Addresses = Awaited<ReturnType<ThreeDSTasks["threeds:addresses"]>>;

// The shop's gateway learns where the directory server is.
before(() => {
  cy.task<Addresses>("threeds:addresses", null).then(({ ds }) => void cy.request("POST", "/directory-server", { ds }));
});
