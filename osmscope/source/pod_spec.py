"""What the API server says of a pod's make: containers, annotations, network, state."""

import msgspec


class EnvironmentVariable(msgspec.Struct, frozen=True):
    """One variable; what comes from elsewhere has no value here."""

    name: str = ""
    value: str = ""


class ContainerPort(msgspec.Struct, frozen=True, rename="camel"):
    """A port that a container says it has."""

    container_port: int = 0
    name: str = ""
    protocol: str = "TCP"


class SecurityContext(msgspec.Struct, frozen=True, rename="camel"):
    """Whose processes run."""

    run_as_user: int | None = None


class Container(msgspec.Struct, frozen=True, rename="camel"):
    """One container, as far as it tells of a sidecar."""

    name: str = ""
    image: str = ""
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: tuple[EnvironmentVariable, ...] = ()
    ports: tuple[ContainerPort, ...] = ()
    restart_policy: str = ""
    """Always for an init container that stays, a native sidecar."""
    security_context: SecurityContext = SecurityContext()

    def variable(self, name: str) -> str:
        """Return the value of an environment variable; "" where it has none."""
        return next((one.value for one in self.env if one.name == name), "")


class PodSpec(msgspec.Struct, frozen=True, kw_only=True):
    """How a pod is made, and in which state it is."""

    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    host_network: bool = False
    run_as_user: int | None = None
    """Whose processes run, where a container does not say."""
    phase: str = ""
    """Pending, Running, Succeeded, Failed or Unknown."""
    deleted_at: str = ""
    """When its deletion was asked for; "" where it was not."""

    @property
    def staying_containers(self) -> tuple[Container, ...]:
        """The containers that run as long as the pod: native sidecars too."""
        native = (one for one in self.init_containers if one.restart_policy == "Always")
        return (*self.containers, *native)

    def users(self, *without: str) -> frozenset[int | None]:
        """Return the users that containers run as; None for what their images say.

        Args:
            without: The names of containers to leave out.
        """
        said = (
            one.security_context.run_as_user for one in self.containers if one.name not in without
        )
        return frozenset(self.run_as_user if user is None else user for user in said)
