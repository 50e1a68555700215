"""`ganying invite SITE`: let a vehicle or base join this site once; prints the code, which is shown nowhere else.

    ganying invite 36-YS1 --name 前指通信车 --agreement 江西省内-2026
    ganying invite --list
    ganying invite --withdraw 36-INV-…
    ganying invite --shut-out 36-YS1 --reason 车辆失窃

The same as the link page does (docs/enrol.md). Works beside the running server, whose door the newcomer comes to.
"""

import argparse
import secrets

from adapters.cli.config import add_config_option
from adapters.cli.errand import Do, perform
from adapters.config import Config, load, split_address
from adapters.link.enrolling import code_of
from adapters.local_socket import Request
from dispatch import enrol
from dispatch.errors import Malformed
from protocols.enrol_code import SECRET_BYTES, secret_sha256


def add_parser(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `invite`."""
    parser = sub.add_parser("invite", help="let a vehicle or base join this site with one command")
    parser.add_argument("site", nargs="?", default="", help="the newcomer's id, such as 36-YS1")
    parser.add_argument("--name", default="", help="what people call it (default: its id)")
    parser.add_argument("--agreement", default="", help="name of the agreement its link runs under")
    parser.add_argument(
        "--hours",
        type=float,
        default=enrol.USUAL_HOURS,
        help=f"how long the code is good, {enrol.SHORTEST_HOURS} to {enrol.LONGEST_HOURS:.0f} (default: 24)",
    )
    parser.add_argument("--list", action="store_true", help="who was invited, who joined")
    parser.add_argument("--withdraw", default="", metavar="ID", help="an invitation's id")
    parser.add_argument("--shut-out", default="", metavar="SITE", help="end a partner that joined, now")
    parser.add_argument("--reason", default="", help="why it is withdrawn or shut out")
    add_config_option(parser)
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """Returns 0; raises what main() says in one line."""
    config = load(arguments.config)
    if arguments.list:
        return _list(config)
    if arguments.withdraw:
        _do(config, {"do": "withdraw_invitation", "id": arguments.withdraw, "reason": arguments.reason})
        print(f"withdrawn: {arguments.withdraw}")
    elif arguments.shut_out:
        _do(config, {"do": "shut_out_site", "site": arguments.shut_out, "reason": arguments.reason})
        print(f"shut out: {arguments.shut_out}")
    elif arguments.site:
        _invite(config, arguments)
    else:
        raise Malformed("site", "say whom, or --list, --withdraw or --shut-out")
    return 0


def _invite(config: Config, arguments: argparse.Namespace) -> None:
    secret = secrets.token_bytes(SECRET_BYTES)
    _, port = split_address(config.federation.enrol or "-:0", "federation.enrol")
    code = code_of(config, port, secret)
    made = _do(
        config,
        {
            "do": "invite_site",
            "invitation": {
                "site": arguments.site,
                "name": arguments.name or arguments.site,
                "agreement": arguments.agreement,
                "valid_hours": arguments.hours,
                "secret_sha256": secret_sha256(secret),
            },
        },
    )
    print(code)
    print(f"good once, until {made['expires_at']}; on the new machine: ganying enrol CODE --config site.toml")


def _do(config: Config, request: Request) -> Request:
    async def errand(do: Do) -> Request:
        return await do(request)

    return perform(config, errand)


def _list(config: Config) -> int:
    found = _do(config, {"do": "list_enrolment"})
    for each in found["invitations"]:
        print("\t".join([each["id"], each["site"], each["name"], each["state"], each["expires_at"]]))
    for each in found["joined"]:
        state = f"shut out {each['shut_out_at']}" if each["shut_out_at"] else f"joined {each['joined_at']}"
        print("\t".join([each["site"], each["name"], state, f"invited by {each['invited_by']}"]))
    return 0
