"""Phytotron: models grown under controlled, repeatable conditions."""
