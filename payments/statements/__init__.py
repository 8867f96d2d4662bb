"""What a client may ask to have in writing about their money: statement of account, *paz y salvo*, yearly certificates."""
