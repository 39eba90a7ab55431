from cli_tools import answered, onhand, query, refused


def test_a_key_is_printed_once_and_alone(fresh_database_url: str) -> None:
    made = onhand(
        "key", "create", "--name", "shop", "--scope", "read,reserve", "--scope", "operate", url=fresh_database_url
    )
    assert made.returncode == 0
    key = made.stdout.removesuffix("\n")
    assert key.startswith("onhand_")
    assert "\n" not in key
    assert key not in made.stderr
    [(scopes, digest)] = query(fresh_database_url, "SELECT scopes, digest FROM api_key WHERE name = 'shop'")
    assert scopes == ["read", "reserve", "operate"]
    assert key.encode() not in digest
    assert "exists already" in refused(
        "key", "create", "--name", "shop", "--scope", "read", exit_code=1, url=fresh_database_url
    )


def test_keys_are_listed_and_revoked(fresh_database_url: str) -> None:
    url = fresh_database_url
    assert answered("key", "list", url=url) == []
    onhand("key", "create", "--name", "shop", "--scope", "read", url=url)
    [key] = answered("key", "list", url=url)
    assert (key["name"], key["scopes"], key["revoked_at"]) == ("shop", ["read"], None)
    assert "shop" in onhand("key", "list", url=url).stdout
    assert onhand("key", "revoke", "--name", "shop", url=url).returncode == 0
    assert answered("key", "list", url=url)[0]["revoked_at"] is not None
    assert "there is no" in refused("key", "revoke", "--name", "shop", exit_code=1, url=url)


def test_scopes_are_known_words() -> None:
    assert "no scope 'write'" in refused("key", "create", "--name", "x", "--scope", "read,write")
    assert "without a scope" in refused("key", "create", "--name", "x", "--scope", ",")
    assert "a name has" in refused("key", "create", "--name", "a\x07b", "--scope", "read")
