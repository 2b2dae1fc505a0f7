"""What happened: typed past-tense facts, written in the transaction that made them true."""

# Declared in `event`, published by `log` (with what `changes` noted), and kept in the tables of `models`.
#
# Acted on in two ways. `subscriptions`: a job for each event and subscriber, in any order. A `follower` reads them all
# in order: `following` is one step of that, `checkpoints` how far each has come, `running` the background that takes
# the steps, and `rebuilding` begins again from the first event.
#
# Told to people by what `plugin` contributes: `reading` goes through the log, `visibility` says who may see what,
# `waiting` holds requests until there is something new, and `catalogue` describes the kinds there are.
