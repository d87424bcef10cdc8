"""A real Kubernetes API server for tests, with KWOK as the kubelet of every node."""
