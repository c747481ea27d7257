import type { CardDetails, Finding, Outcome, Status } from "acs-sim/cypress";

describe("the checkout", () => {
  afterEach(() => void cy.task("threeds:putBack", null));

  it("takes the right code", () => {
    cy.task<CardDetails>("threeds:card", { scenario: "challenge-otp" }).then((card) => {
      cy.request("POST", "/orders", { pan: card.pan, expiry: card.expiry });
      cy.task<Status>("threeds:transaction", card).then(({ id }) => {
        cy.task<Outcome>("threeds:act", { transaction: id, do: "submit", code: "correct" });
        cy.visit("/orders/latest").contains("Paid");
        cy.task<Finding[]>("threeds:report", { transaction: id, outcome: "accepted" });
        cy.task("threeds:assertAcquitted", id);
      });
    });
  });
});
