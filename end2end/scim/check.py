"""The SCIM service under somebody else's client, as a directory would use it, and under the compliance tests that come
with that client.

check.py ADDRESS, with the token in POMONA_SCIM_TOKEN. Prints what each compliance test found, as JSON, one object a
line; ends with an error where the client does not get what it asked for.
"""

import json
import os
import sys

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_models import PatchOp, PatchOperation, SCIMException, SearchRequest
from scim2_tester import check_server

APPLE = "urn:pomona:params:scim:schemas:extension:apple:2.0:User"


def main() -> None:
    headers = {"Authorization": "Bearer " + os.environ["POMONA_SCIM_TOKEN"]}
    with Client(base_url=sys.argv[1], headers=headers, timeout=30) as http:
        scim = SyncSCIMClient(http)
        scim.discover()
        use(scim)
        # Every text is filled with random signs otherwise, and this one is an address.
        account = apple(scim).model_fields["managed_apple_account"]
        account.examples = [f"pupil{number}@appleid.x.example" for number in range(100)]
        for found in check_server(scim):
            print(json.dumps({"title": found.title, "status": found.status.name, "reason": found.reason}))


def use(scim: SyncSCIMClient) -> None:
    """A pupil comes, joins a class, marries, leaves it and the school."""
    user, group = scim.get_resource_model("User"), scim.get_resource_model("Group")
    extension, account = apple(scim), "astrid@appleid.x.example"
    pupil = user(user_name="astrid@x.example", display_name="Astrid Ek")
    pupil[extension] = extension(managed_apple_account=account)
    pupil = scim.create(pupil)
    same("the Managed Apple Account", pupil[extension].managed_apple_account, account)

    found = scim.query(user, query_parameters=SearchRequest(filter='userName eq "ASTRID@x.example"'))
    same("found by user name in any case", [one.id for one in found.resources], [pupil.id])

    school_class = scim.create(group(display_name="Class 7B of the directory"))

    def modified(model, resource, *operations):
        scim.modify(model, resource.id, PatchOp[model](operations=list(operations)))
        return scim.query(model, resource.id)

    def members(op, path, value=None):
        changed = modified(group, school_class, PatchOperation(op=op, path=path, value=value))
        return [member.value for member in changed.members or []]

    same("added", members("add", "members", [{"value": pupil.id}]), [pupil.id])
    same("taken out", members("remove", f'members[value eq "{pupil.id}"]'), [])

    married = modified(user, pupil, PatchOperation(op="replace", path="displayName", value="Astrid Berg"))
    same("renamed", married.display_name, "Astrid Berg")
    left = modified(user, pupil, PatchOperation(op="replace", path="active", value=False))
    same("left", left.active, False)

    scim.delete(group, school_class.id)
    scim.delete(user, pupil.id)
    try:
        scim.query(user, pupil.id)
    except SCIMException as error:
        same("gone", error.to_error().status, 404)
    else:
        raise SystemExit("gone: still there")


def apple(scim: SyncSCIMClient):
    """What Pomona keeps of a person beside what all directories know."""
    return scim.get_resource_model("User").get_extension_model(APPLE)


def same(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise SystemExit(f"{what}: {found!r} instead of {wanted!r}")


if __name__ == "__main__":
    main()
