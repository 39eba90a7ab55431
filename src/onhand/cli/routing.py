"""onhand routing: by which rules orders are routed."""

from typing import Annotated

from cyclopts import Parameter

from onhand.cli import opening
from onhand.cli.errors import CliError
from onhand.cli.terminal import say, show_json, show_table
from onhand.domain.routing import KNOWN_RULES, Rule
from onhand.services import routing_rules
from onhand.services.requests import RoutingRules

ACTOR = "cli"
NAMES = ", ".join(Rule)
MEANING = {
    Rule.FEWEST_SHIPMENTS: "as few warehouses as will do",
    Rule.STAY_IN_COUNTRY: "as few shipments as possible that cross a border",
    Rule.CLOSEST: "the fewest kilometres, summed over the shipments",
    Rule.PRIORITY: "the lowest priorities of warehouses, summed",
    Rule.CUT_OFF: "warehouses that ship sooner, by cut-off, working days and holidays",
    Rule.LEAVE_SAFETY_STOCK: "plans that go below no safety stock",
}

Rules = Annotated[list[str] | None, Parameter(help=f"The first decides first. Of {NAMES}.")]
No = Annotated[bool, Parameter(name="--none", negative="", help="Switch all of them off.")]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print the setting as JSON.")]


def look(*, as_json: AsJson = False) -> int:
    """The rules in their order, and those that are off."""
    _show(opening.run(routing_rules.get), as_json=as_json)
    return 0


def put(rules: Rules = None, /, *, none: No = False, as_json: AsJson = False) -> int:
    """Order and switch the rules: those not named are off."""
    named = [name for text in rules or [] for name in text.split(",") if name]
    if bool(named) == none:
        raise CliError("name the rules, the first to decide first, or switch all off by --none", f"Rules: {NAMES}")
    if unknown := [name for name in named if name not in KNOWN_RULES]:
        raise CliError(f"there is no rule {', '.join(map(repr, unknown))}", f"Rules: {NAMES}")
    wanted = RoutingRules(rules=[Rule(name) for name in named])
    setting = opening.run(lambda onhand: routing_rules.put(onhand, ACTOR, wanted))
    say("onhand: in force; servers that run follow within a second")
    _show(setting, as_json=as_json)
    return 0


def _show(setting: routing_rules.Setting, *, as_json: bool) -> None:
    if as_json:
        show_json(setting)
        return
    on = [[str(place), rule, MEANING[rule]] for place, rule in enumerate(setting.rules, 1)]
    show_table(["", "rule", "prefers"], [*on, *(["off", rule, MEANING[rule]] for rule in setting.off)])
