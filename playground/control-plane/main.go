// Command controlplane is the playground's Kubernetes control plane: one binary, its role named by the first argument.
//
// A server role may be given "--parent-dir DIR" right after its name. It then watches its standard input: at the end
// of it (whoever started the server is gone, however it died) the server removes DIR and exits, so that neither a
// process nor a temporary folder outlives a playground.
package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

func main() {
	if len(os.Args) < 2 {
		fail("usage: controlplane etcd|apiserver|controller-manager|scheduler|kubectl [--parent-dir DIR] [flags]")
	}
	role, args := os.Args[1], os.Args[2:]
	if len(args) >= 2 && args[0] == "--parent-dir" {
		go exitWithParent(args[1])
		args = args[2:]
	}
	os.Args = append([]string{role}, args...)
	if role == "etcd" {
		etcdmain.Main(os.Args)
		return
	}
	os.Exit(cli.Run(commandFor(role)))
}

func commandFor(role string) *cobra.Command {
	switch role {
	case "apiserver":
		return apiserver.NewAPIServerCommand()
	case "controller-manager":
		return controllermanager.NewControllerManagerCommand()
	case "scheduler":
		return scheduler.NewSchedulerCommand()
	case "kubectl":
		return kubectl.NewDefaultKubectlCommand()
	}
	fail(fmt.Sprintf("unknown role %q", role))
	return nil
}

// exitWithParent blocks until standard input ends, then removes dir and exits. The other servers may still be writing
// below dir, so the removal is tried again; whichever server exits last finds no other writer.
func exitWithParent(dir string) {
	_, _ = io.Copy(io.Discard, os.Stdin)
	for try := 0; try < 10 && os.RemoveAll(dir) != nil; try++ {
		time.Sleep(20 * time.Millisecond)
	}
	os.Exit(0)
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, message)
	os.Exit(2)
}
