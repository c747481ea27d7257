"""Files that are wrong: each mistake is one line with its place."""

from pathlib import Path

import pytest

from acs_sim.scenarios.file.loading import FileError, load

ROOT = Path(__file__).parents[3]
HEAD = "scenarios:\n  - name: one\n    about: It shows something.\n"
CARD = "    card: {scenario: challenge-otp}\n"
STEPS = "    steps:\n      - authenticate: {ARes: {transStatus: C}}\n"


def wrong(tmp_path, text):
    file = tmp_path / "file.yaml"
    file.write_text(text)
    with pytest.raises(FileError) as caught:
        load([file])
    return [line.removeprefix(f"{file}:") for line in caught.value.lines]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "1:1: expected names with values, got nothing"),
        ("scenarios: 1", "1:1: expected a list, got text"),
        ("scenarios: []", "1:1: there is no scenario here"),
        ("a: [\n", "2:1: expected the node content, but found '<stream end>'"),
        ("a: &x 1\nb: *x\n", "2:4: there are no aliases here: use variables"),
        ("a: 1\na: 2\n", "2:1: 'a' is there twice"),
        ("a: !!python/name:os.system x\n", "1:4: there is no tag"),
        ("[" * 50, "1:33: nested deeper than 32"),
        ("a: \x07", "1:1: a character that YAML does not allow"),
        (HEAD + CARD + "    stpes: []\n", "5:5: 'stpes' means nothing here; did you mean steps?"),
        (HEAD + CARD, "2:5: this is missing here: steps"),
        (HEAD + CARD + "    steps: []\n", "5:5: expected a list of length >= 1"),
        (
            HEAD + "    card: {scenario: challenge-opt}\n" + STEPS,
            "4:12: there is no card scenario 'challenge-opt'; did you",
        ),
        (HEAD + "    card: {tries: many, scenario: x}\n" + STEPS, "4:12: expected a number, got text"),
        (HEAD + "    card: {scheme: visa}\n" + STEPS, "4:5: a card needs its scenario, or else its pan"),
        (HEAD + CARD + "    purchase: {mmc: 1}\n" + STEPS, "5:16: AReq has no element 'mmc'; did you mean mcc?"),
        (HEAD + CARD + STEPS + "      - result: {transStatus: Q}\n", "7:18: transStatus can never be 'Q': Y authent"),
        (HEAD + CARD + STEPS + "      - result: {messageType: <absent>}\n", "7:18: messageType can never be absent"),
        (HEAD + CARD + STEPS + "      - result: {eci: <gone>}\n", "7:18: <gone> means nothing; there are <present>"),
        (HEAD + CARD + STEPS + "      - result: {eci: /(/}\n", "7:18: /(/ is no regular expression"),
        (HEAD + CARD + STEPS + "      - result: {eci: $eci}\n", "7:18: there is no variable $eci"),
        (HEAD + CARD + STEPS + "      - returned: {cavv: x}\n", "7:20: CRes has no element 'cavv'"),
        (HEAD + CARD + STEPS + "      - clock: soon\n", "7:9: 'soon' is no duration"),
        (HEAD + CARD + STEPS + "      - order: [AReq, ARse]\n", "7:23: there is no message 'ARse'"),
        (HEAD + CARD + STEPS + "      - cardholder: {do: submit}\n", "7:9: submit needs a code"),
        (HEAD + CARD + STEPS + "      - {clock: 1m, phone: {}}\n", "7:9: a step does one thing"),
        (
            HEAD + CARD + STEPS + "      - message: {kind: SMS, count: 0, number: 1}\n",
            "7:9: nothing can stand in a mess",
        ),
        (HEAD + CARD + "    steps:\n      - result: {}\n", "6:9: nothing has been authenticated yet"),
        (
            HEAD + CARD + "    steps:\n      - authenticate: {Erro: {}}\n      - result: {}\n",
            "7:9: there is no challenge after Erro: this can never come",
        ),
        (
            HEAD + CARD + "    examples: [{a: 1}, {b: 1}]\n" + STEPS,
            "5:24: every row has the same columns; odd here: a, b",
        ),
    ],
)
def test_a_mistake_is_one_line_that_names_its_place(tmp_path, text, line):
    (told,) = wrong(tmp_path, text)
    assert told.startswith(line)


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path):
    steps = "    steps:\n      - authenticate: {ARes: {transStatsu: C}}\n      - clock: soon\n"
    assert [line.split(":")[0] for line in wrong(tmp_path, HEAD + CARD + steps)] == ["6", "7"]


def test_a_file_that_is_not_there_or_not_text_is_told(tmp_path):
    (tmp_path / "binary.yaml").write_bytes(b"a: 1\nb: \xff\n")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileError) as caught:
        load([tmp_path / "binary.yaml", tmp_path / "missing.yaml", tmp_path / "empty"])
    ends = ["binary.yaml:2:1: this is not UTF-8", "No such file or directory", "holds no scenario file (*.yaml)"]
    assert [line.endswith(end) for line, end in zip(caught.value.lines, ends, strict=True)] == [True] * 3


def test_a_row_of_examples_is_a_play_of_its_own_with_its_values_put_in(tmp_path):
    (tmp_path / "file.yaml").write_text(
        "variables: {currency: '978'}\ntags: [all]\n"
        + HEAD
        + "    tags: [some]\n    examples:\n      - {name: first, amount: 05, flag: true}\n"
        + "      - {name: second, amount: 70, flag: false}\n"
        + "    purchase: {purchaseAmount: $amount, merchantName: '${currency}x', browserJavaEnabled: $flag}\n"
        + CARD
        + STEPS
    )
    first, second = load([tmp_path])
    assert (first.name, second.name, first.tags) == ("one [first]", "one [second]", ("all", "some"))
    assert first.scenario.purchase == {"purchaseAmount": "05", "merchantName": "978x", "browserJavaEnabled": True}
    assert second.scenario.purchase["browserJavaEnabled"] is False


@pytest.mark.parametrize(
    ("head", "fault", "why"),
    [
        ("version: 1.0.2", "{at: ARes, do: reset}", "EMV 3DS alone has it"),
        ("version: 2.2.0", "{at: PAReq, do: reset}", "3-D Secure 1.0.2 alone has it"),
        ("channel: browser", "{at: acsSignedContent, do: other-key}", "it is about payments in an app"),
    ],
)
def test_a_fault_that_can_never_happen_is_refused_with_the_reason(tmp_path, head, fault, why):
    step = "enrolment: {}" if "1.0.2" in head else "authenticate: {any: true}"
    file = tmp_path / "never.yaml"
    file.write_text(
        f"scenarios:\n  - name: a fault\n    about: It never happens.\n    {head}\n    card: {{scenario: frictionless}}\n"
        f"    faults: [{fault}]\n    steps: [{{{step}}}]\n"
    )
    with pytest.raises(FileError, match=f"can never happen here: {why}"):
        load([file])
