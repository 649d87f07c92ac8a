"""Kafka: CloudEvents on topics, and a subscriber that works on thousands of messages at once and loses none.

`offsets` knows how far a partition may be committed, `flights` what is being worked on, `rebalance` which partitions
are ours, `records` what comes from the wire and `consumer` what aiokafka needs; `parallel` ties them into FastStream,
and `subscriber` is how a stage asks for it.
"""
