"""Tests of the tool-calling benchmark."""
