"""Lectures' theory to run and see: small games with known answers, played by the code that trains pictures.

A lesson is a module with a function `lesson`. What is small here are the networks and the data: methods, games and the
`Trainer` are those of every other run.
"""
