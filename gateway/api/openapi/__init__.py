"""The OpenAPI document of every call of every dialect, made from the tables that the calls themselves are made of."""
