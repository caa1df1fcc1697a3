"""The base of the authoring API: every other package of it uses this one."""
