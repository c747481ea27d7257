"""`POST /PPPS.php`: the questions of a shop's server, in the manner of Paybox Direct."""

from acs_sim.gateway.e_transactions import direct
from acs_sim.gateway.e_transactions.direct import Question, QuestionRefused
from acs_sim.gateway.e_transactions.form import MANNER
from acs_sim.gateway.forms.fields import FormRefused, Posted, read_posted
from acs_sim.gateway.handlers.gateway import Gateway
from acs_sim.gateway.payment import answer_codes
from acs_sim.gateway.payment.cards import CardEntry, CardRefused, read_entry
from acs_sim.gateway.payment.settlement import PRE_PRODUCTION_AUTHORISATION
from acs_sim.gateway.records.storage import NotKnown
from acs_sim.gateway.records.transactions import Context, Kept, Transaction, as_of, order_key
from threedsecure.cards.card_numbers import mask
from threedsecure.cards.schemes import networks
from threedsecure.v2.validation.as_of import day_of
from threedsecure.v2.validation.dated import Remark, remarks
from threedsecure.web.randomness import with_new_names
from threedsecure.web.serving.service import Route, posted
from threedsecure.web.wire import WireRequest, WireResponse

_CARD_CODES = {"card_number": "00004", "expiry": "00008", "cryptogram": "00020"}


class DirectHandlers:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> list[Route]:
        return [posted(direct.PAGE, self.ask)]

    async def ask(self, request: WireRequest) -> WireResponse:
        try:
            form = read_posted(request.body.decode("latin-1"))
        except FormRefused:
            form = Posted({})
        code, found, rules = "00000", None, list[Remark]()
        try:
            question = direct.read(form, await self._gateway.merchants.known())
            rules = self._ruled(question)
            if any(remark.enforced for remark in rules):
                raise QuestionRefused("00040")
            found = await self._answered(question)
        except QuestionRefused as refused:
            code = refused.code
        except NotKnown:
            code = "00018"
        self._journal(form, code, rules)
        return WireResponse(200, direct.answer(form.fields, code, found), direct.CONTENT_TYPE)

    async def _answered(self, question: Question) -> Transaction | None:
        """Errors: `QuestionRefused`, `NotKnown`."""
        if question.type in (direct.AUTHORISE, direct.BOTH, direct.CREDIT):
            return await self._authorised(question)
        if question.type == direct.EXISTS:
            found = [one for one in await self._of_order(question) if isinstance(one, Transaction)]
            if not found:
                raise QuestionRefused("00018")
            return found[-1]
        now = self._gateway.runtime.clock.now()

        def step(kept: Kept) -> Kept:
            if not isinstance(kept, Transaction):
                raise QuestionRefused("00018")
            return direct.changed(question, as_of(kept, now))

        kept = await self._gateway.storage.change_kept(question.numbers[0], step)
        return kept if isinstance(kept, Transaction) else None

    async def _authorised(self, question: Question) -> Transaction:
        """A card that is charged, or credited. Errors: `QuestionRefused`."""
        entry = self._entry(question)
        card = self._gateway.payments.print_of(entry.typed)
        if question["ID3D"]:
            direct.check_context(question, await self._context(question), card)
        code = question["ERRORCODETEST"] or answer_codes.by_amount(question.amount) or f"001{entry.acquirer_answer}"
        if code not in (answer_codes.ACCEPTED, "00100"):
            raise QuestionRefused(code)

        async def added() -> Transaction:
            transaction = self._transaction(question, entry, card)
            await self._gateway.storage.add_kept(transaction)
            return transaction

        return await with_new_names(added)

    def _entry(self, question: Question) -> CardEntry:
        try:
            now, cryptogram = self._gateway.runtime.clock.now(), question["CVV"] or "000"
            return read_entry(MANNER, question["PORTEUR"], question["DATEVAL"], cryptogram, now)
        except CardRefused as refused:
            raise QuestionRefused(_CARD_CODES[next(iter(refused.faults))]) from refused

    async def _context(self, question: Question) -> Context:
        try:
            kept = await self._gateway.storage.kept(direct.bare(question["ID3D"]))
        except NotKnown as unknown:
            raise QuestionRefused("00012") from unknown
        if not isinstance(kept, Context) or not kept.holds_at(self._gateway.runtime.clock.now()):
            raise QuestionRefused("00012")
        return kept

    def _transaction(self, question: Question, entry: CardEntry, card: str) -> Transaction:
        digits, merchant = self._gateway.runtime.randomness.digits, question.merchant
        states = {direct.AUTHORISE: "authorised", direct.BOTH: "captured", direct.CREDIT: "credited"}
        names = networks(entry.pan)
        return Transaction(
            number=direct.bare(digits(9)),
            call=direct.bare(digits(9)),
            order=order_key(MANNER, merchant.identity, question["REFERENCE"]),
            site=merchant.identity[0],
            rank=merchant.identity[1],
            amount=question.amount,
            currency=question["DEVISE"],
            authorisation=PRE_PRODUCTION_AUTHORISATION,
            at=self._gateway.runtime.clock.now(),
            state=states[question.type],
            captured=question.amount if question.type == direct.BOTH else 0,
            masked=mask(entry.typed),
            print=card,
            scheme=names[0] if names else "",
        )

    async def _of_order(self, question: Question) -> list[Kept]:
        key = order_key(MANNER, question.merchant.identity, question["REFERENCE"])
        return await self._gateway.storage.kept_of_order(key)

    def _ruled(self, question: Question) -> list[Remark]:
        """What rules with a date say of paying so."""
        if not direct.unauthenticated(question):
            return []
        day = day_of(self._gateway.settings.rules_as_of, self._gateway.runtime.clock.now())
        return remarks({"merchantCountryCode": question.merchant.country, "transStatus": None}, day)

    def _journal(self, posted: Posted, code: str, rules: list[Remark]) -> None:
        runtime = self._gateway.runtime
        shown = {name: value for name, value in posted.fields.items() if name not in _SECRET}
        said = {"rules": [remark.words for remark in rules]} if rules else {}
        now, document = runtime.clock.now(), {**shown, "CODEREPONSE": code, **said}
        runtime.journal.record(now, "Shop", "3DS Server", "Direct question", document)


_SECRET = frozenset({"CLE", "HMAC", "PORTEUR", "DATEVAL", "CVV"})
