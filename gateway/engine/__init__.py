"""The engine: accepts, composes, signs, delivers and settles mail. It knows no HTTP and no listening socket."""
