"""A recorded transaction, played again."""
