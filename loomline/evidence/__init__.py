"""What history says of rules: whom they warned of, and who then defaulted."""
