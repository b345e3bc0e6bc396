"""The two distributions have tests of their own, which run where they are installed: in a fresh environment."""

collect_ignore_glob = ["superpose-*"]
