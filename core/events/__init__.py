"""What happened: typed past-tense facts, written in the transaction that made them true."""
