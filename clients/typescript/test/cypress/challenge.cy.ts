import type { CardDetails, ThreeDSTasks } from "acs-sim/cypress";

type Addresses = Awaited<ReturnType<ThreeDSTasks["threeds:addresses"]>>;

describe("a cardholder at the bank's page", () => {
  let card: CardDetails;

  beforeEach(() => {
    cy.task<CardDetails>("threeds:card", { scenario: "challenge-otp", tries: 2 }).then((minted) => void (card = minted));
    cy.task<Addresses>("threeds:addresses", null).then(({ shop }) => {
      cy.visit(`${shop}/shops/e-transactions?lang=en`);
      cy.get("#checkout").click();
      cy.get("#card-number").type(card.pan);
      cy.get("#expiry").type("12/30");
      cy.get("#cryptogram").type("123");
      cy.get("#pay").click();
    });
  });

  afterEach(() => void cy.task("threeds:putBack", null));

  /** Looks into the frame again until it shows that: the bank's next page is a new document. */
  function inTheFrame(selector: string) {
    return cy.get("iframe").should((frame) => expect(Cypress.$(selector, frame.contents()).length).to.equal(1))
      .then((frame) => cy.wrap(Cypress.$(selector, frame.contents())));
  }

  function answer(code: string): void {
    inTheFrame("#code").type(`${code}{enter}`);
  }

  it("is through with the code from the phone", () => {
    cy.then(() => cy.task<string>("threeds:code", card)).then((code) => answer(code));
    cy.get("#result").should("have.attr", "data-result", "accepted");
  });

  it("is refused after the last wrong one", () => {
    cy.then(() => cy.task<string>("threeds:code", card)).then((code) => {
      const wrong = code.replace(/./, (digit) => String((Number(digit) + 1) % 10));
      answer(wrong);
      inTheFrame("#message[data-kind=wrong-code]");
      answer(wrong);
    });
    cy.get("#result").should("have.attr", "data-result", "refused");
  });
});
