# A Rack program under WEBrick that is counted. TERM ends it when all is answered.
require 'rack'
require 'webrick'
require ARGV[1]

app = Rack::Builder.new do
  use Relance
  run lambda { |env|
    $stdout.syswrite("begun #{env['PATH_INFO']}\n")
    sleep 0.02 if env['PATH_INFO'].start_with?('/slow')
    [200, { 'Content-Type' => 'text/plain' }, ["#{env['PATH_INFO']} by #{Process.pid}\n"]]
  }
end
quiet = WEBrick::Log.new(File::NULL)
Rack::Handler::WEBrick.run(app, Host: '127.0.0.1', Port: ARGV[0].to_i, Logger: quiet, AccessLog: []) do |server|
  trap('TERM') { server.shutdown }
end
