"""`ganying account add|list|password|totp|disable|enable`: people who may sign in.

Works before the first start and beside a running server. Hashing and the second factor's secret are made here;
only the hash and the sealed secret go to the desk.
"""

import argparse
import base64
import sys
from pathlib import Path

import segno

from adapters.accounts import SiteSecret, check_new_password, hash_password, new_totp, otpauth_uri
from adapters.cli.config import add_config_option
from adapters.cli.errand import Do, perform
from adapters.config import Config, load
from adapters.local_socket import Request
from dispatch.errors import Malformed
from dispatch.ids import check_id
from dispatch.kinds import AlarmKind, Role

SECRET = "secret.key"  # noqa: S105 (a file's name)


def add_parser(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `account`."""
    parser = sub.add_parser("account", help="people who may sign in")
    acts = parser.add_subparsers(dest="act", required=True)
    add = acts.add_parser("add", help="a new account")
    add.add_argument("name")
    add.add_argument("--role", action="append", required=True, choices=[role.value for role in Role])
    add.add_argument("--display-name", default="", help="as the console shows it (default: the name)")
    add.add_argument("--operator", default="", help="whose taskings an operator sees")
    add.add_argument(
        "--alarm",
        action="append",
        default=[],
        choices=[kind.value for kind in AlarmKind],
        help="what a gateway may hand over; may be repeated; none: every kind",
    )
    add.add_argument("--phone", default="", help="reached there by text or call when no page is open")
    add.add_argument(
        "--phone-gateway",
        action="store_true",
        help="a gateway that brings replies and reports of phones, and no alarms unless kinds are named",
    )
    add.add_argument("--password-file", type=Path, required=True, help="first line; - reads stdin")
    add.add_argument("--qr", action="store_true", help="draw the second factor's code in the terminal")
    password = acts.add_parser("password", help="a new password")
    password.add_argument("name")
    password.add_argument("--password-file", type=Path, required=True)
    phone = acts.add_parser("phone", help="a new telephone number, or none")
    phone.add_argument("name")
    phone.add_argument("number", nargs="?", default="")
    totp = acts.add_parser("totp", help="a new second factor; the old one ends")
    totp.add_argument("name")
    totp.add_argument("--qr", action="store_true")
    for act, text in (("disable", "keep from signing in; sessions end"), ("enable", "let sign in again")):
        acts.add_parser(act, help=text).add_argument("name")
    acts.add_parser("list", help="all accounts, without their secrets")
    for each in acts.choices.values():
        add_config_option(each)
        each.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """0 when it is in the journal. Raises GanyingError."""
    config = load(arguments.config)
    match arguments.act:
        case "add":
            _add(config, arguments)
        case "list":
            _list(config)
        case _:
            _change(config, arguments)
    return 0


def read_password(path: Path) -> str:
    """The first line of a file, without its end. Raises Malformed."""
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Malformed("password-file", str(error)) from None
    return text.split("\n", 1)[0].rstrip("\r")


def _hashed(arguments: argparse.Namespace) -> str:
    """The hash of the password in the file, which keeps the console's rule. Raises Malformed."""
    return hash_password(
        check_new_password(read_password(arguments.password_file), arguments.name, "password-file")
    )


def _add(config: Config, arguments: argparse.Namespace) -> None:
    account: Request = {
        "name": check_id(arguments.name, "name"),
        "display_name": arguments.display_name or arguments.name,
        "roles": list(dict.fromkeys(arguments.role)),
        "password_hash": _hashed(arguments),
        "operator_id": arguments.operator,
        "alarm_kinds": list(dict.fromkeys(arguments.alarm)),
        "phone": arguments.phone,
        "phone_gateway": arguments.phone_gateway,
    }
    uri = _enrol(config, account) if config.security.second_factor == "totp" else ""

    async def add(do: Do) -> None:
        await do({"do": "save_account", "account": account, "version_seen": 0})

    perform(config, add)
    print(f"added {account['name']}: {', '.join(account['roles'])}")
    _show(uri, qr=arguments.qr)


def _change(config: Config, arguments: argparse.Namespace) -> None:
    async def change(do: Do) -> str:
        account: Request = (await do({"do": "get_account", "name": arguments.name}))["account"]
        version = account.pop("version")
        uri = ""
        match arguments.act:
            case "password":
                account["password_hash"] = _hashed(arguments)
            case "phone":
                account["phone"] = arguments.number
            case "totp":
                uri = _enrol(config, account)
            case "disable" | "enable":
                account["disabled"] = arguments.act == "disable"
        await do({"do": "save_account", "account": account, "version_seen": version})
        return uri

    uri = perform(config, change)
    print(f"changed {arguments.name}: {arguments.act}")
    _show(uri, qr=getattr(arguments, "qr", False))


def _enrol(config: Config, account: Request) -> str:
    """Give the account a new second factor; the address to scan, shown once."""
    secret = new_totp()
    sealed = SiteSecret.open(config.data / SECRET).seal(secret, account["name"])
    account["totp_sealed"] = base64.b64encode(sealed).decode()  # as the socket's JSON carries bytes
    return otpauth_uri(secret, account["name"], config.site.name)


def _show(uri: str, *, qr: bool) -> None:
    if uri:
        print(uri)
    if uri and qr:
        segno.make(uri).terminal(compact=True)


def _list(config: Config) -> None:
    async def accounts(do: Do) -> Request:
        return await do({"do": "list_accounts"})

    found = perform(config, accounts)
    for account in sorted(found["accounts"], key=lambda each: str(each["name"])):
        marks = [mark for mark in ("disabled", "scripted") if account[mark]]
        factor = "totp" if account["totp_sealed"] else "password only"
        print(
            "\t".join([account["name"], account["display_name"], ",".join(account["roles"]), factor, *marks])
        )
