"""Browsing: lists of branches, items and stock levels, as strawberry-django types over the contexts' Django models.

The front's one door to models. They are only read, inside the read scope that the view opens around a browsing query.
"""
