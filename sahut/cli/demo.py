"""`sahut demo`: the demonstration."""

import typer

app = typer.Typer(help="The demonstration.")
