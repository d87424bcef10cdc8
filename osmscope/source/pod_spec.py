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
    phase: str = ""
    """Pending, Running, Succeeded, Failed or Unknown."""
    deleted_at: str = ""
    """When its deletion was asked for; "" where it was not."""

    @property
    def staying_containers(self) -> tuple[Container, ...]:
        """The containers that run as long as the pod: native sidecars too."""
        native = (one for one in self.init_containers if one.restart_policy == "Always")
        return (*self.containers, *native)
