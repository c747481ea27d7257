"""The same phone on PostgreSQL."""

import asyncio
from datetime import timedelta

from tests.issuer_sms.conftest import a_phone
from tests.issuer_sms.peers import an_issuer

NUMBER = "+33639981101"


async def test_texts_pass_through_every_state(postgresql):
    async with a_phone(postgresql=postgresql.fresh_database()) as phone, an_issuer() as issuer:
        await phone.text(NUMBER, "Reçu: code 111111", reference="one", callback=issuer.address)
        await phone.text("+33639989211", "code 222222")
        await phone.text("+33639989511", "code 333333")
        await phone.text("+33639989511", "code 444444")
        await phone.text("+33639989311", callback=issuer.address)
        assert [receipt["state"] for receipt in await issuer.hears(2)] == ["delivered", "failed"]
        phone.clock.advance(timedelta(minutes=1))
        assert (await phone.get("/api/phones/+33639989511/latest?wait=60")).json["code"] == "333333"
        assert (await phone.get(f"/api/phones/{NUMBER}/latest?reference=one")).json["code"] == "111111"
        states = [m["state"] for m in (await phone.get("/api/messages")).json["messages"]]
        assert states == ["delivered"] * 5 + ["failed"]
        assert [p["number"] for p in (await phone.get("/api/phones")).json["phones"]] == [
            "+33639989311",
            "+33639989511",
            "+33639989211",
            NUMBER,
        ]
        assert (await phone.delete("/api/phones/+33639989511/messages")).json["cleared"] == 2


async def test_of_many_decisions_at_once_one_wins(postgresql):
    async with a_phone(postgresql=postgresql.fresh_database()) as phone:
        prompt = (await phone.post("/api/prompts", {"to": NUMBER, "title": "Payer ?"})).json
        answers = await asyncio.gather(
            *(phone.post(f"/api/prompts/{prompt['id']}", {"decision": d}) for d in ["approve", "decline"] * 10)
        )
        assert len({answer.json["state"] for answer in answers if answer.status == 200}) == 1


async def test_what_was_on_its_way_arrives_after_a_restart(postgresql):
    database = postgresql.fresh_database()
    async with a_phone(postgresql=database) as phone:
        await phone.text("+33639989111", "code 654321")
    async with a_phone(postgresql=database) as phone:
        phone.clock.advance(timedelta(minutes=6))
        assert (await phone.get("/api/phones/+33639989111/latest?wait=60")).json["code"] == "654321"
