"""Logging in and out, and the settings: warehouses, API keys, users."""

from onhand.api.answer import Answer
from onhand.api.refusal import Refusal
from onhand.services import keys, users, warehouses
from onhand.web.rendering import page
from onhand.web.visit import PageRoute, Visit, cookie, redirect

NAME_MAX_CHARS = 100


def login_page(visit: Visit, *, status: int = 200, wrong: str = "") -> Answer:
    return page(visit, "login.html", status=status, wrong=wrong)


async def _log_in(visit: Visit) -> Answer:
    try:
        session = await users.log_in(visit.onhand, visit.form.get("name", ""), visit.form.get("password", ""))
    except users.Locked:
        minutes = users.LOCKED_S // 60
        return login_page(visit, status=429, wrong=f"Too many attempts. Wait {minutes} minutes and try again.")
    if session is None:
        return login_page(visit, status=401, wrong="That name and password do not match.")
    return redirect("/", cookie(visit, session, users.SESSION_S))


async def _enter(visit: Visit) -> Answer:
    session = await users.enter(visit.onhand, visit.path["secret"])
    if session is None:
        return login_page(visit, status=401, wrong="This link was used already or is too old. Ask for a new one.")
    return redirect("/", cookie(visit, session, users.SESSION_S))


async def _log_out(visit: Visit) -> Answer:
    await users.log_out(visit.onhand, visit.someone.session)
    return redirect("/", cookie(visit, "", 0))


async def _settings(visit: Visit) -> Answer:
    return await _shown(visit)


async def _shown(visit: Visit, *, secret: str = "", what: str = "") -> Answer:
    admin = visit.someone.may("admin")
    return page(
        visit,
        "settings.html",
        warehouses=(await warehouses.find(visit.onhand, limit=1_000)).items,
        keys=await keys.every(visit.onhand) if admin else [],
        users=await users.every(visit.onhand) if admin else [],
        admin=admin,
        scopes=keys.SCOPES,
        secret=secret,
        what=what,
        has_password=await users.has_password(visit.onhand, visit.someone.name),
    )


async def _new_key(visit: Visit) -> Answer:
    name, scopes = _named(visit)
    return await _shown(visit, secret=await keys.create(visit.onhand, name, scopes), what="key")


async def _revoke_key(visit: Visit) -> Answer:
    await keys.revoke(visit.onhand, visit.form.get("name", ""))
    return redirect("/settings")


async def _new_user(visit: Visit) -> Answer:
    name, scopes = _named(visit)
    await users.put(visit.onhand, name, scopes)
    return await _shown(visit, secret=f"/enter/{await users.link(visit.onhand, name)}", what="link")


async def _new_link(visit: Visit) -> Answer:
    return await _shown(
        visit, secret=f"/enter/{await users.link(visit.onhand, visit.form.get('name', ''))}", what="link"
    )


async def _disable(visit: Visit) -> Answer:
    await users.disable(visit.onhand, _somebody_else(visit))
    return redirect("/settings#users")


async def _enable(visit: Visit) -> Answer:
    await users.enable(visit.onhand, visit.form.get("name", ""))
    return redirect("/settings#users")


async def _remove(visit: Visit) -> Answer:
    await users.remove(visit.onhand, _somebody_else(visit))
    return redirect("/settings#users")


def _somebody_else(visit: Visit) -> str:
    name = visit.form.get("name", "")
    if name == visit.someone.name:
        raise Refusal("FORBIDDEN", "That is you: somebody else with the scope admin has to do this.")
    return name


async def _password(visit: Visit) -> Answer:
    form, user = visit.form, visit.someone
    try:
        await users.change_password(
            visit.onhand, user.name, user.session, form.get("current", ""), form.get("password", "")
        )
    except users.Locked:
        raise Refusal("FORBIDDEN", f"Too many wrong passwords. Wait {users.LOCKED_S // 60} minutes.") from None
    return await _shown(visit, what="password")


def _named(visit: Visit) -> tuple[str, list[str]]:
    name = visit.form.get("name", "")
    scopes = [scope for scope in keys.SCOPES if visit.form.get(scope)]
    if not 0 < len(name) <= NAME_MAX_CHARS or not name.isprintable():
        raise Refusal("VALIDATION_FAILED", f"A name has 1 to {NAME_MAX_CHARS} characters.")
    if not scopes:
        raise Refusal("VALIDATION_FAILED", "Choose at least one scope.")
    return name, scopes


ROUTES = [
    PageRoute("POST", "/login", _log_in, scopes=()),
    PageRoute("GET", "/enter/{secret}", _enter, scopes=()),
    PageRoute("POST", "/logout", _log_out),
    PageRoute("GET", "/settings", _settings),
    PageRoute("POST", "/settings/keys", _new_key, scopes=("admin",)),
    PageRoute("POST", "/settings/keys/revoke", _revoke_key, scopes=("admin",)),
    PageRoute("POST", "/settings/users", _new_user, scopes=("admin",)),
    PageRoute("POST", "/settings/users/link", _new_link, scopes=("admin",)),
    PageRoute("POST", "/settings/users/disable", _disable, scopes=("admin",)),
    PageRoute("POST", "/settings/users/enable", _enable, scopes=("admin",)),
    PageRoute("POST", "/settings/users/remove", _remove, scopes=("admin",)),
    PageRoute("POST", "/settings/password", _password),
]
