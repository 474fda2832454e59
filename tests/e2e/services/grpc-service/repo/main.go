// Command beacon serves the gRPC health service.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
)

func serve(address string) (net.Listener, *grpc.Server, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, nil, err
	}
	server := grpc.NewServer()
	state := health.NewServer()
	state.SetServingStatus("beacon", grpc_health_v1.HealthCheckResponse_SERVING)
	grpc_health_v1.RegisterHealthServer(server, state)
	return listener, server, nil
}

// check starts the server on a free port and asks it for its health.
func check() error {
	listener, server, err := serve("127.0.0.1:0")
	if err != nil {
		return err
	}
	go server.Serve(listener)
	defer server.Stop()
	connection, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	answer, err := grpc_health_v1.NewHealthClient(connection).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: "beacon"})
	if err != nil {
		return err
	}
	fmt.Println(answer.Status)
	return nil
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "check" {
		if err := check(); err != nil {
			log.Fatal(err)
		}
		return
	}
	listener, server, err := serve(":18153")
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(server.Serve(listener))
}
