module example.com/svc

go 1.22

require (
	github.com/acme/onnx v1.0.0
	github.com/flosch/pongo2/v6 v6.0.0
	github.com/getkin/kin-openapi v1.0.0
	gopkg.in/yaml.v3 v1.0.0
)
