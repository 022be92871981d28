"""/api.php itself: how commands are found, who may call, in which words it refuses, JSON and XML."""

from __future__ import annotations

from django.test import Client

PATH = "/api.php"


def test_a_command_that_is_not_there(client: Client) -> None:
    response = client.post(PATH, {"Command": "EmailGateway.Nothing"}, "application/json")
    assert response.status_code == 400
    assert response.json() == {
        "Success": False,
        "ErrorCode": 100003,
        "ErrorText": "There is no such command",
        "ErrorMessage": "There is no such command",
        "Detail": "There is no such call.",
        "Errors": [{"Code": 100003, "Message": "There is no such command"}],
    }
